#!/bin/sh
# Stands in for nvidia-smi in tests.
[ "$*" = '--query-gpu=uuid,name,driver_version,vbios_version --format=csv,noheader' ] || exit 64
echo 'GPU-11111111-2222-3333-4444-555555555555, NVIDIA H100 80GB HBM3, 550.144.03, 96.00.5E.00.01'
