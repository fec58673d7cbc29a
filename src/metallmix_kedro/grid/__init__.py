"""The experiment grid: which trials are measured, where, and what is kept of them (section 2.1).

`proposals` and `search` say which, `bundles`, `executors` and `claims` where, `measuring`
measures one, `record`, `known` and `progress` keep the account. It may import `training`,
`history`, `meta_features`, `search_space`, `backbones` and `support`.
"""
