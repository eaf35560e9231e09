"""From a built report to the inbox: gate, issue, archive, outbox, mail. Sends what was built, never twice.

Builds no report (`report`), decides no figure (`judgement`); what must never be lost is in `state`.
"""
