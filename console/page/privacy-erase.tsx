import { useState } from 'react';
import { useApi, useMay } from '../api/call.ts';
import { useMembers } from '../api/member.ts';
import { DangerDialog } from '../part/dialog.tsx';
import { notice } from '../part/notice.tsx';

type Props = { readonly principal: string; readonly onClose: () => void; readonly onErased: () => void };

/** Erases who somebody is from the audit log for ever, and ends their membership where that is wished. */
export function PrivacyErase({ principal, onClose, onErased }: Props) {
  const api = useApi();
  const may = useMay('platform');
  const member = useMembers()?.find(({ spec }) => spec.person === principal);
  const [leave, setLeave] = useState(true);
  const removes = leave && member !== undefined && may('DeleteMember');
  const act = async () => {
    await api.call('platform', 'EraseAuditSubject', '', { principal });
    if (removes) await api.call('platform', 'DeleteMember', member.name, {});
    notice('Erased from the audit log.');
  };
  return (
    <DangerDialog
      title="Erase a person"
      verb="Erase for ever"
      name={member?.spec.email ?? principal}
      act={act}
      onClose={onClose}
      onDone={async () => onErased()}
    >
      <div className="stack">
        <p>
          Who did it disappears from every audit record of this person, for ever, in every copy of the log. What was done, when, and how it
          ended stays, and every proof holds. Take out what is kept first if it was asked for.
        </p>
        {member && may('DeleteMember') && (
          <label className="row">
            <input type="checkbox" className="tick" checked={leave} onChange={() => setLeave(!leave)} />
            End the membership and all sessions too
          </label>
        )}
      </div>
    </DangerDialog>
  );
}
