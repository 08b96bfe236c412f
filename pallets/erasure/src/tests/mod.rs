mod adversary;
mod attest;
mod file;
mod hold;
mod overdue;
mod pruning;
mod random;
mod release;
