-- Revert lintel:renewal from pg

begin;

drop function api.gateway_renew_v1(jsonb);
drop function private.lock_card(data.gateways);
drop function private.renewal_complaint(jsonb);
drop function private.is_card_text(jsonb, text);

notify pgrst, 'reload schema';
commit;
