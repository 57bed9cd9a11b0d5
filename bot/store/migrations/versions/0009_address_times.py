"""addresses: how long an e-mail address is kept, and when WhatsApp last asked a citizen to write"""

import sqlalchemy as sa
from alembic import op

import bot.store.schema

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    when = bot.store.schema.UtcDateTime(timezone=True)
    with op.batch_alter_table('address', schema=None) as batch_op:
        batch_op.add_column(sa.Column('expires_at', when, nullable=True))
        batch_op.add_column(sa.Column('prompted_at', when, nullable=True))
        batch_op.create_index('ix_address_expires_at', ['expires_at'], unique=False)
    # Of those that are there, nobody knows which are citizens': a department's is written anew with its next mail.
    op.execute("UPDATE address SET expires_at = created_at WHERE channel_account LIKE 'email:%'")


def downgrade() -> None:
    with op.batch_alter_table('address', schema=None) as batch_op:
        batch_op.drop_index('ix_address_expires_at')
        batch_op.drop_column('prompted_at')
        batch_op.drop_column('expires_at')
