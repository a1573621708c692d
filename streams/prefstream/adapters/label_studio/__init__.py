"""Label Studio over its REST API."""

from prefstream.adapters.label_studio.client import LabelStudio, RefusedByLabelStudio

__all__ = ["LabelStudio", "RefusedByLabelStudio"]
