"""Tests of metallmix_kedro.meta_features."""
