"""Names that are like another one, for errors."""

def _distance(a, b):
    """How many letters are to be changed, added or removed between two strings."""
    row = list(range(len(b) + 1))
    for i in range(len(a)):
        previous = row
        row = [i + 1]
        for j in range(len(b)):
            row.append(min(previous[j] + (0 if a[i] == b[j] else 1), previous[j + 1] + 1, row[j] + 1))
    return row[-1]

def nearest(name, names):
    """The names that somebody may have meant.

    Args:
      name: string; what is there.
      names: list of strings; what there could be.

    Returns:
      list of at most three strings, the most alike first.
    """
    scored = []
    for candidate in names:
        near = candidate.startswith(name) or name.startswith(candidate) or name in candidate
        distance = _distance(name, candidate) if near or max(len(name), len(candidate)) - min(len(name), len(candidate)) <= 3 else 99
        if near or distance <= max(2, len(name) // 4):
            scored.append((distance, candidate))
    return [candidate for _, candidate in sorted(scored)[:3]]
