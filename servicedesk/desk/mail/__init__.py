"""The desk's pages of mail that was held: the list, one mail, what can be done with it, refused senders, forms."""
