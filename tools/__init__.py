"""What only a developer of Headgate runs: the template's gate, and the pages that are made from the code.

Nothing under `headgate` or `chalicelib` imports this package.
"""
