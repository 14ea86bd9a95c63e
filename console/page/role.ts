import { useCustomRoles } from '../api/policy.ts';
import { plural } from '../format/quantity.ts';

type Choice = { readonly role: string; readonly text: string };

/** The roles every organization has, as people should read them. */
const everywhere: readonly Choice[] = [
  { role: 'owner', text: 'Everything, the organization itself and other owners included.' },
  { role: 'admin', text: 'Everything but the organization itself: members, credentials, projects, all resources.' },
  { role: 'editor', text: 'Reads and changes what services hold; neither members nor credentials.' },
  { role: 'reader', text: 'Reads what services hold.' },
  { role: 'auditor', text: 'Reads who did what: the audit log, members, credentials; not the contents.' },
];

/** The roles that can be given here: those, and the ones that the organization made. */
export function useRoles(): readonly Choice[] {
  const own = useCustomRoles().value?.items ?? [];
  return [
    ...everywhere,
    ...own.map(({ name, spec: { title, operations } }) => ({
      role: name,
      text: `${title === name ? '' : `${title}: `}${operations.length} ${plural(operations.length, 'operation')}, chosen here.`,
    })),
  ];
}
