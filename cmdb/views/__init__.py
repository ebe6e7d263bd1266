"""The register's own pages; the common ones come from cmdb.common.crud."""
