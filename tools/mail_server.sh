#!/usr/bin/env bash
# Installs Postfix and Dovecot for the test that sends to a real mail server; starts nothing and configures nothing.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/debian.sh"

[[ -x /usr/sbin/postfix && -x /usr/lib/dovecot/imap ]] && exit 0
install_debian mail-server postfix dovecot-imapd || exit 0
