"""XLSForm to XForm publishing, immutable versions, media, who is offered which form, entity lists' transport."""
