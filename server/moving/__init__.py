"""The way in from another ODK server: a project of ODK Central, or a folder of ODK Briefcase, taken over through the accept path."""
