"""What stock is worth: values follow from the movements and from what is said of costs. Derived, and provable."""
