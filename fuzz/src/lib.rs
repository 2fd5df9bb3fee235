//! Harness code shared by the fuzz targets.
