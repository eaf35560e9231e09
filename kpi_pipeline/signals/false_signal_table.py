FALSE_SIGNALS: dict[str, dict[int, tuple[float, float]]] = {}
