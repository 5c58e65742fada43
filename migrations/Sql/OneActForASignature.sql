-- A signature stands under one act, and a pledge on one movement of money.
CREATE UNIQUE INDEX ux_votes_signature ON market.votes (loop_id, signature_id);
CREATE UNIQUE INDEX ux_agreements_signature ON market.agreements (loop_id, signature_id);
CREATE UNIQUE INDEX ux_contract_acts_signature ON market.contract_acts (loop_id, signature_id) WHERE signature_id IS NOT NULL;
CREATE UNIQUE INDEX ux_campaign_pledges_signature ON market.campaign_pledges (loop_id, signature_id);
CREATE UNIQUE INDEX ux_campaign_pledges_receipt ON market.campaign_pledges (loop_id, receipt_id);
