"""Bundles: trials that one worker measures in one go."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from metallmix_kedro import declared
from metallmix_kedro.grid.measuring import MeasuredDataset, Proposal, TrialMeasurer
from metallmix_kedro.grid.parameters import ExperimentGridParameters
from metallmix_kedro.grid.record import Record
from metallmix_kedro.training import BackboneStore, NetworkStore, cheap_first, trained_together


@dataclass(frozen=True, slots=True)
class Bundle:
    """Proposals for one dataset that are trained together; most hold one."""

    dataset: str
    proposals: tuple[Proposal, ...]


def group_proposals(
    proposals: Iterable[Proposal], heads_at_once: int
) -> Iterator[tuple[Proposal, ...]]:
    """Put together what can be trained together, the cheapest strategies first.

    A grid that is stopped early then has the cheap trials of all datasets.

    Parameters
    ----------
    proposals : iterable of Proposal
        In any order.
    heads_at_once : int
        Most feature extractions in a group.

    Yields
    ------
    tuple of Proposal
        Proposals that share level, seed and what `heads.trained_together` says.
    """
    groups: dict[object, list[Proposal]] = {}
    for proposal in sorted(proposals, key=lambda one: cheap_first(one.configuration)):
        configuration, *where = proposal.trial
        groups.setdefault((*where, trained_together(configuration)), []).append(proposal)
    for group in groups.values():
        for start in range(0, len(group), heads_at_once):
            yield tuple(group[start : start + heads_at_once])


def measure_bundle(
    dataset: MeasuredDataset,
    parameters: ExperimentGridParameters,
    declaration: declared.Declaration,
    bundle: Bundle,
) -> list[Record]:
    """Measure a bundle, in whatever process this is called, with what is declared where it is due.

    Raises
    ------
    MetallmixError
        See `TrialMeasurer.measure`.
    """
    declared.use(declaration)
    return _measurer(dataset, parameters.model_dump_json()).measure(bundle.proposals)


@lru_cache(maxsize=64)
def _measurer(dataset: MeasuredDataset, parameters: str) -> TrialMeasurer:
    known = ExperimentGridParameters.model_validate_json(parameters)
    return TrialMeasurer(dataset, known, *_stores(parameters))


@lru_cache(maxsize=1)
def _stores(parameters: str) -> tuple[BackboneStore, NetworkStore]:
    """Make what all measurers of a process share."""
    known = ExperimentGridParameters.model_validate_json(parameters)
    return BackboneStore(known.weights, known.seed), NetworkStore()
