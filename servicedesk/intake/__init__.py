"""What lower floors and the outside wrote becomes acts on tickets: alerts, missed targets, mail. By pulling, with receipts."""
