"""What a component needs when it is linked."""

def closures(needs, common):
    """All that has to be linked with each component.

    Args:
      needs: dict from the name of a component to a list of names: REQUIRES and PRIV_REQUIRES.
      common: list of names; what all components require.

    Returns:
      dict from the name of a component to a sorted list of names, without its own.
    """

    # The common requirements need each other, and what they need is everybody's: this part is found once.
    shared = reachable(needs, common)
    result = {}
    for name in needs:
        reached = dict(shared)
        reached.update(reachable(needs, [name]))
        reached.pop(name, None)
        result[name] = sorted(reached)
    return result

def reachable(needs, start):
    """What is needed, directly or not.

    Args:
      needs: dict from the name of a component to a list of names.
      start: list of names; those among `needs` are reached, too.

    Returns:
      dict from a name to True.
    """
    reached = {name: True for name in start if name in needs}
    pending = list(reached)
    for _ in range(len(needs)):
        if not pending:
            break
        following = []
        for name in pending:
            for need in needs[name]:
                if need in needs and need not in reached:
                    reached[need] = True
                    following.append(need)
        pending = following
    return reached
