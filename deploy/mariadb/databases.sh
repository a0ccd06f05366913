#!/bin/sh
# Run once by the image, in an empty server: a database for each service, and a user who may use only that.
set -eu
for service in engine identity form notification history; do
    eval "password=\$FLOWMESH_$(echo "$service" | tr a-z A-Z)_DB_PASSWORD"
    mariadb --user=root --password="$MARIADB_ROOT_PASSWORD" <<SQL
CREATE DATABASE IF NOT EXISTS flowmesh_$service CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE USER IF NOT EXISTS '$service'@'%' IDENTIFIED BY '$password';
GRANT ALL PRIVILEGES ON flowmesh_$service.* TO '$service'@'%';
SQL
done
