import { useApi } from '../api/call.ts';
import { DangerDialog } from '../part/dialog.tsx';

export type Kept = { readonly kind: string; readonly name: string; readonly reason: string };
/** What is gone, and what a law or a lock keeps. */
export type Erasure = { readonly erased: number; readonly kept: readonly Kept[] };

type Props = { readonly subject: string; readonly onClose: () => void; readonly onErased: (erasure: Erasure) => void };

/** Erases everything that is known of a subject. */
export function PrivacyErase({ subject, onClose, onErased }: Props) {
  const api = useApi();
  const act = async () => onErased(await api.call<Erasure>('platform', 'EraseDataSubject', '', { subject }));
  return (
    <DangerDialog title="Erase a person" verb="Erase for ever" name={subject} act={act} onClose={onClose} onDone={async () => undefined}>
      <p>
        Everything that names this person is deleted from every service of this environment, for ever, their membership and sessions
        included. What a retention or a legal hold protects is kept and told. Take out what is known first if it was asked for.
      </p>
    </DangerDialog>
  );
}
