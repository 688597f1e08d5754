"""An orchestra and a piano that play the same, in event time: what "orchestrate" and "reduce" learn from.

An event is a moment at which the piano or the orchestra strikes something. Real pairs come from `lop_pairs` and
`pairs`; of scores for orchestra alone a rule makes the piano's part (`train.ensembles.reduction`).
"""
