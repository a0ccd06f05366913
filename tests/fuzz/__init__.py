"""Requests made out of the OpenAPI document, sent to a whole mesh: is any answer one that the document does not tell of?"""
