"""Forms: XLSForms published as XForms in immutable versions, with their media, audiences, drafts and encryption keys."""
