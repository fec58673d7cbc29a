"""The experiment grid: which trials are measured, where, and what is kept of them (section 2.1).

`proposals` and `search` say which, `bundles`, `executors` and `claims` where, `measuring`
measures one, `record`, `known` and `progress` keep the account. It may import `training`,
`history`, `meta_features`, `search_space`, `backbones` and `support`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
