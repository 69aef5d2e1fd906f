"""One WTForm per screen; every message names the field and the mend."""
