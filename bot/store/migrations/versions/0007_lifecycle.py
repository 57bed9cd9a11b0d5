"""snoozed and scheduled handovers: when they are due, and the warning of a silent agent"""

import sqlalchemy as sa
from alembic import op

import bot.store.schema

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    when = bot.store.schema.UtcDateTime(timezone=True)
    with op.batch_alter_table('handover', schema=None) as batch_op:
        batch_op.add_column(sa.Column('due_at', when, nullable=True))
        batch_op.add_column(sa.Column('due_reason', sa.String(length=48), nullable=True))
        batch_op.add_column(sa.Column('warned_at', when, nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('handover', schema=None) as batch_op:
        for column in ('warned_at', 'due_reason', 'due_at'):
            batch_op.drop_column(column)
