/** The roles every organization has, as people should read them. */
export const memberRoles: readonly { readonly role: string; readonly text: string }[] = [
  { role: 'owner', text: 'Everything, the organization itself and other owners included.' },
  { role: 'admin', text: 'Everything but the organization itself: members, credentials, projects, all resources.' },
  { role: 'editor', text: 'Reads and changes what services hold; neither members nor credentials.' },
  { role: 'reader', text: 'Reads what services hold.' },
  { role: 'auditor', text: 'Reads who did what: the audit log, members, credentials; not the contents.' },
];
