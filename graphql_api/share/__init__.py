"""<referral-share>: the share panel and the standing as one element for any page, served with the API that it asks."""
