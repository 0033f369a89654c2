# Adapts the user-data examples to EL 8 and later; @EL@ is the release.
s/a CentOS 7 host/an EL @EL@ host/
# The distribution's own repositories still work there, but its PostgreSQL module hides PGDG's.
/^  # CentOS 7 is past/,/^$/ {
	/^  # CentOS 7 is past/!d
	c\
  # The same as "dnf module disable postgresql": that module would hide PGDG's packages.\
  - path: /etc/dnf/modules.d/postgresql.module\
    owner: root:root\
    permissions: '0644'\
    content: |\
      [postgresql]\
      name=postgresql\
      stream=\
      profiles=\
      state=disabled\

}
/^      \[\(updates\|extras\)\]$/,/^$/d
/has moved to the archive$/d
s,for EL 7$,for EL @EL@,
s,https://yum-archive.postgresql.org/\([0-9]*\)/redhat/rhel-7-,https://download.postgresql.org/pub/repos/yum/\1/redhat/rhel-@EL@-,
s,PGDG-RPM-GPG-KEY-RHEL7,PGDG-RPM-GPG-KEY-RHEL,
s,https://archives.fedoraproject.org/pub/archive/epel/7/,https://dl.fedoraproject.org/pub/epel/@EL@/Everything/,
s,Packages for EL 7,Packages for EL @EL@,
s,RPM-GPG-KEY-EPEL-7,RPM-GPG-KEY-EPEL-@EL@,
