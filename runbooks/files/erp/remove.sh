#!/bin/sh
# Stop the ERP and remove it; its data stays.
set -eu
systemctl stop erp || true
systemctl disable erp || true
apt-get remove -y erp-server
