"""Tests of metallmix_kedro.images.layout."""
