import { useApi, useMay } from '#console/api/call.ts';
import { Button } from '#console/part/button.tsx';
import { useChange } from '#console/part/dialog.tsx';
import { notice } from '#console/part/notice.tsx';
import { Section } from '#console/part/page.tsx';
import { Refusal } from '#console/part/state.tsx';
import { Status } from '#console/part/status.tsx';
import { wordOf } from './row.ts';

export type Review = { readonly id: string; readonly open: boolean; readonly closed_reason: string | null };

/** That somebody is to look at a payment, or how that ended. */
export function ReviewSection({ review: { id, open, closed_reason: reason } }: { review: Review }) {
  const api = useApi();
  const may = useMay('payments');
  const change = useChange();
  const approve = () =>
    void change.run(async () => {
      await api.call('payments', 'ApproveReview', id, {}, { key: crypto.randomUUID() });
      notice('The review is closed.');
    });
  const act = open && may('ApproveReview') && (
    <Button look="main" onClick={approve} busy={change.busy}>
      Approve
    </Button>
  );
  return (
    <Section title="Review" text="A rule let it in with that." actions={act}>
      <Status tone={open ? 'warn' : 'ok'}>{open ? 'to be looked at' : wordOf(reason ?? '')}</Status>
      {change.problem && <Refusal problem={change.problem} compact />}
    </Section>
  );
}
