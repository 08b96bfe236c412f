mod anchor;
mod disclose;
mod notify_breach;
mod open_breach;
mod open_inquiry;
