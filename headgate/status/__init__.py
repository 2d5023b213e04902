"""`headgate status`: the ledger of a time range, hop by hop, counted from what lies where."""
