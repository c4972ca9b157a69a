"""What each protection level owes: how a plan is bound, priced and computed there."""
