# What a type checker sees; __init__.py loads the room `notebook` when one of its names is first asked for.
from causal_eval.notebook import Run as Run
from causal_eval.notebook import calibration as calibration
from causal_eval.notebook import compare as compare
from causal_eval.notebook import diagnose as diagnose
from causal_eval.notebook import open_run as open_run
from causal_eval.notebook import plan as plan
from causal_eval.notebook import profile as profile
from causal_eval.notebook import profiles as profiles
from causal_eval.notebook import runs as runs
from causal_eval.notebook import variance as variance

__version__: str
