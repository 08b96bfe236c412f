mod file;
mod prune;
mod supersede;
mod withdraw;
mod withdraw_by_code;
