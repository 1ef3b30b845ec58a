"""Watching a stream of results, without labels: do the posts still look like those that the policy was chosen on?"""
