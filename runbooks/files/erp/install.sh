#!/bin/sh
# Install the ERP release named by ERP_RELEASE and start it. Repeating it changes nothing.
set -eu
: "${ERP_RELEASE:?set ERP_RELEASE}"
apt-get install -y "erp-server=${ERP_RELEASE}*"
systemctl enable erp
systemctl start erp
