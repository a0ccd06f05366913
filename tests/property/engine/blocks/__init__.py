"""Random process models that know what running them must lead to.

Blocks have one way in and one way out, so what must happen can be told without an engine: a block adds to the
counters of the elements that complete, and the order in which the tokens move does not change the sums.

What comes from outside is written into the ids, so that whoever runs a model needs nothing but the model:

- `idle...` is never completed and never comes; something else ends it. Timers of that name are a day away.
- `held...` is completed once no timer `frees...` is left in its instance.
- All else that waits is completed or comes in any order. Timers are due soon.
"""
