import { child, childText, type XmlElement } from '#wire/xml/read.ts';
import type { XmlNode } from '#wire/xml/write.ts';
import { dropUndefined } from './condition.ts';
import type { AclInput } from './trait.ts';

type AskedGrant = NonNullable<AclInput['grants']>[number];

const instance = { 'xmlns:xsi': 'http://www.w3.org/2001/XMLSchema-instance' };
const permissions = ['FULL_CONTROL', 'READ', 'WRITE', 'READ_ACP', 'WRITE_ACP'] as const;

/** What stands in the element of a grant. */
export function grantNodes({ id = '', uri, permission }: Omit<AskedGrant, 'email'>): XmlNode[] {
  const account: XmlNode[] = [
    ['ID', id],
    ['DisplayName', id],
  ];
  const grantee: XmlNode =
    uri === undefined
      ? ['Grantee', account, { ...instance, 'xsi:type': 'CanonicalUser' }]
      : ['Grantee', [['URI', uri]], { ...instance, 'xsi:type': 'Group' }];
  return [grantee, ['Permission', permission]];
}

/** Reads the element of a grant; undefined when it does not name one grantee and a permission. */
export function readGrant(grant: XmlElement): AskedGrant | undefined {
  const grantee = child(grant, 'Grantee');
  const permission = permissions.find((one) => one === childText(grant, 'Permission')?.trim());
  if (!grantee || !permission) return undefined;
  const [id, uri, email] = ['ID', 'URI', 'EmailAddress'].map((name) => childText(grantee, name)?.trim());
  if ([id, uri, email].filter((one) => one !== undefined).length !== 1) return undefined;
  return dropUndefined({ id, uri, email, permission });
}
