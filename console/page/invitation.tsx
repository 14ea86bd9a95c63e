import { useEffect, useState } from 'react';
import { Link, useNavigate, useSearchParams } from 'react-router';
import { acceptInvitation, type Waits } from '../api/session.ts';
import { Lone } from './lone.tsx';
import { NewPassword } from './new-password.tsx';
import { SecondStep } from './second-step.tsx';

/** Where the link of an invitation leads. */
export default function Invitation() {
  const [search] = useSearchParams();
  const go = useNavigate();
  const token = search.get('token');
  const [waits, setWaits] = useState<Waits>();
  useEffect(() => {
    document.title = 'Accept your invitation · Gamut';
  }, []);
  if (!token) {
    return (
      <Lone title="This link is not whole" foot={<Link to="/login">Sign in</Link>}>
        <p>Open the link of your invitation as it stands in the mail, or ask for a new invitation.</p>
      </Lone>
    );
  }
  const accept = async (password: string) => {
    const missing = await acceptInvitation(token, password);
    if (missing) setWaits(missing);
    else await go('/', { replace: true });
  };
  if (waits) return <SecondStep waits={waits} onDone={() => go('/', { replace: true })} onBack={() => setWaits(undefined)} />;
  return (
    <Lone
      title="Accept your invitation"
      text="Choose a password; with your e-mail it is how you sign in from now on."
      foot={<Link to="/login">Sign in instead</Link>}
    >
      <NewPassword verb="Accept and sign in" act={accept} />
    </Lone>
  );
}
