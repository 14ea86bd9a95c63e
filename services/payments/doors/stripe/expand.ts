import { fault } from '#kernel/contract/fault.ts';
import type { Session } from '#kernel/contract/session.ts';
import { kindOf } from '../../domain/id.ts';
import type { payments } from '../../service.ts';
import { type Branch, FormError } from './form.ts';
import { expandDepthMax, expandedMax, expandPathsMax } from './limits.ts';
import type { Name } from './route.ts';

type Reader = Pick<Session<typeof payments>, 'invoke'>;
type Node = { [name: string]: unknown };

/** The operation that reads an object of a kind. */
const readers: Readonly<Record<string, Name>> = {
  customer: 'GetCustomer',
  payment_method: 'GetPaymentMethod',
  payment_intent: 'GetPaymentIntent',
  charge: 'GetCharge',
  refund: 'GetRefund',
  balance_transaction: 'GetBalanceTransaction',
  setup_intent: 'GetSetupIntent',
  dispute: 'GetDispute',
  review: 'GetReview',
  'radar.early_fraud_warning': 'GetEarlyFraudWarning',
  mandate: 'GetMandate',
  payout: 'GetPayout',
  bank_account: 'GetBankAccount',
  price: 'GetPrice',
  invoice: 'GetInvoice',
  invoiceitem: 'GetInvoiceItem',
  promotion_code: 'GetPromotionCode',
  subscription: 'GetSubscription',
  subscription_item: 'GetSubscriptionItem',
  discount: 'GetDiscount',
  account: 'GetAccount',
  transfer: 'GetTransfer',
  application_fee: 'GetApplicationFee',
  'checkout.session': 'GetCheckoutSession',
  payment_link: 'GetPaymentLink',
  quote: 'GetQuote',
  tax_id: 'GetTaxId',
  credit_note: 'GetCreditNote',
  'test_helpers.test_clock': 'GetTestClock',
  file: 'GetFile',
  'billing.meter': 'GetMeter',
};

/** The same where the business may have chosen the id, by the name of the field. */
const named: Readonly<Record<string, Name>> = { product: 'GetProduct', coupon: 'GetCoupon' };

/** Takes `expand` out of a form: the paths that are to be expanded. */
export function takeExpand(form: Branch): string[][] {
  const given = form.get('expand');
  form.delete('expand');
  if (given === undefined) return [];
  const paths = given instanceof Map ? [...given.values()] : [given];
  if (paths.length > expandPathsMax) throw new FormError(`At most ${expandPathsMax} paths are expanded.`);
  return paths.map((path) => {
    if (typeof path !== 'string' || !/^[a-z0-9_]+(\.[a-z0-9_]+)*$/.test(path))
      throw new FormError('Invalid expand: a path is names joined by points.');
    const parts = path.split('.');
    // What a list holds is no level of its own.
    if (parts.filter((part) => part !== 'data').length > expandDepthMax)
      throw new FormError(`You cannot expand more than ${expandDepthMax} levels of a property. Property: ${path}`);
    return parts;
  });
}

/** Puts objects in the place of their ids: reads by the same caller, that are not charged. */
export async function expanded(session: Reader, value: object, paths: readonly (readonly string[])[]): Promise<object> {
  const known = new Map<string, Promise<unknown>>();

  function read(operation: Name, id: string, input: object): Promise<unknown> {
    const name = `${operation} ${id} ${JSON.stringify(input)}`;
    const before = known.get(name);
    if (before) return before;
    if (known.size >= expandedMax) throw fault('BadInput', `One request expands at most ${expandedMax} objects.`);
    const made = session.invoke(operation, id, input as never, { nested: true }).then(({ output }) => output as unknown);
    known.set(name, made);
    return made;
  }

  const listOf = (operation: Name, id: unknown) => read(operation, String(id), {});

  async function childOf(node: Node, part: string, path: string): Promise<unknown> {
    if (node.object === 'charge' && part === 'refunds') return read('ListRefunds', '', { charge: node.id });
    if (node.object === 'checkout.session' && part === 'line_items') return listOf('ListCheckoutLineItems', node.id);
    if (node.object === 'payment_link' && part === 'line_items') return listOf('ListPaymentLinkItems', node.id);
    if (!Object.hasOwn(node, part)) throw new FormError(`This property cannot be expanded (${path}).`);
    const child = node[part];
    return Array.isArray(child) ? Promise.all(child.map((each) => objectOf(part, each))) : objectOf(part, child);
  }

  /** What an id stands for; what is no id of an object stays. */
  function objectOf(part: string, value: unknown): unknown {
    const operation = typeof value === 'string' ? (named[part] ?? readers[kindOf(value) ?? '']) : undefined;
    return operation ? read(operation, value as string, {}) : value;
  }

  async function walk(node: unknown, parts: readonly string[], path: string): Promise<unknown> {
    const [part, ...rest] = parts;
    if (part === undefined || typeof node !== 'object' || node === null) return node;
    if (Array.isArray(node)) return Promise.all(node.map((each) => walk(each, parts, path)));
    const child = await childOf(node as Node, part, path);
    if (rest.length === 0 && typeof child === 'string') throw new FormError(`This property cannot be expanded (${path}).`);
    return { ...node, [part]: await walk(child, rest, path) };
  }

  let whole: unknown = value;
  for (const parts of paths) whole = await walk(whole, parts, parts.join('.'));
  return whole as object;
}
