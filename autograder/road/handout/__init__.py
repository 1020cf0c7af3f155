"""What is handed out: the `bundle` of a class, the `links` to it, and the `pin` that
says with which edition of the course the class began.
"""
