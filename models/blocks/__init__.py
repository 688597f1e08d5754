"""The parts that learned players are assembled from: embeddings of a roll, the past of a piece, samplers of a frame."""
