import { merged, type Fields, type Thing } from './json.ts';

type Own = { readonly id: string; readonly created: number; readonly livemode: boolean };
type Kind = { readonly country: string | undefined; readonly form: RegExp; readonly isChecked?: true };

const kind = (country: string, form: RegExp): Kind => ({ country, form });
const checked = (country: string | undefined, form: RegExp): Kind => ({ country, form, isChecked: true });

/** Types of tax ids, as the Stripe documentation lists them, with how they are written; some are asked for at a register. */
const kinds: Readonly<Record<string, Kind>> = {
  au_abn: checked('AU', /^[0-9]{11}$|^[0-9]{9}$/),
  br_cnpj: kind('BR', /^[0-9]{2}\.?[0-9]{3}\.?[0-9]{3}\/?[0-9]{4}-?[0-9]{2}$/),
  br_cpf: kind('BR', /^[0-9]{3}\.?[0-9]{3}\.?[0-9]{3}-?[0-9]{2}$/),
  ca_bn: kind('CA', /^[0-9]{9}$/),
  ca_gst_hst: kind('CA', /^[0-9]{9}RT[0-9]{4}$/),
  ch_vat: kind('CH', /^CHE-?[0-9]{3}\.?[0-9]{3}\.?[0-9]{3} ?(MWST|TVA|IVA)$/),
  // The first two letters are the member's, EL for Greece and XI for Northern Ireland.
  eu_vat: checked(undefined, /^(AT|BE|BG|CY|CZ|DE|DK|EE|EL|ES|FI|FR|HR|HU|IE|IT|LT|LU|LV|MT|NL|PL|PT|RO|SE|SI|SK|XI)[0-9A-Z]{2,12}$/),
  gb_vat: checked('GB', /^GB([0-9]{9}|[0-9]{12}|(GD|HA)[0-9]{3})$/),
  in_gst: kind('IN', /^[0-9]{2}[A-Z]{5}[0-9]{4}[A-Z][0-9A-Z]{3}$/),
  jp_cn: kind('JP', /^[0-9]{13}$/),
  mx_rfc: kind('MX', /^[A-Z&Ñ]{3,4}[0-9]{6}[0-9A-Z]{3}$/),
  no_vat: kind('NO', /^[0-9]{9}MVA$/),
  nz_gst: kind('NZ', /^[0-9]{8,9}$/),
  sg_gst: kind('SG', /^(M[0-9]{8}[A-Z]|[0-9]{9}[A-Z])$/),
  us_ein: kind('US', /^[0-9]{2}-?[0-9]{7}$/),
  za_vat: kind('ZA', /^4[0-9]{9}$/),
};

export const taxIdTypes = Object.keys(kinds);

export const isTaxId = (type: string, value: string): boolean => kinds[type]?.form.test(value) ?? false;

/** What the simulated register says, by the numbers that the Stripe documentation names for that: any other is not looked up. */
function verificationOf(type: string, value: string): Fields {
  const says = (status: string, name: string | null = null) => ({
    status,
    verified_address: name && '123 Test Street',
    verified_name: name,
  });
  if (kinds[type]?.isChecked !== true) return says('unavailable');
  if (value.endsWith('000000000')) return says('verified', 'Test Company');
  return says(value.endsWith('111111111') ? 'unverified' : 'pending');
}

export function newTaxId(type: string, value: string, owner: Fields, { id, created, livemode }: Own): Thing {
  const country = type === 'eu_vat' ? value.slice(0, 2).replace('EL', 'GR') : (kinds[type]?.country ?? null);
  return {
    ...{ id, object: 'tax_id', country, created, customer: owner.customer ?? null, customer_account: null, livemode },
    ...{ owner, type, value, verification: verificationOf(type, value) },
  };
}

/** As an invoice names it. */
export const shownTaxId = ({ type = null, value = null }: Thing): Fields => merged({}, { type, value });
