"""handovers at other desks"""

import sqlalchemy as sa
from alembic import op

import bot.store.schema

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    when = bot.store.schema.UtcDateTime(timezone=True)
    op.create_table('desk_link',
    sa.Column('handover_id', sa.String(length=32), nullable=False),
    sa.Column('desk', sa.String(length=16), nullable=False),
    sa.Column('conversation_id', sa.String(length=32), nullable=False),
    sa.Column('remote_id', sa.String(length=64), nullable=True),
    sa.Column('state', sa.String(length=8), nullable=False),
    sa.Column('sent_seq', sa.Integer(), nullable=False),
    sa.Column('seen_id', sa.BigInteger(), nullable=False),
    sa.Column('known', sa.JSON(), nullable=False),
    sa.Column('in_flight', sa.String(length=80), nullable=True),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('next_attempt_at', when, nullable=True),
    sa.Column('lease_worker', sa.String(length=64), nullable=True),
    sa.Column('lease_expires_at', when, nullable=True),
    sa.Column('error', sa.String(length=200), nullable=True),
    sa.Column('created_at', when, nullable=False),
    sa.ForeignKeyConstraint(['conversation_id'], ['conversation.id'], name=op.f('fk_desk_link_conversation_id_conversation')),
    sa.ForeignKeyConstraint(['handover_id'], ['handover.id'], name=op.f('fk_desk_link_handover_id_handover')),
    sa.PrimaryKeyConstraint('handover_id', 'desk', name=op.f('pk_desk_link'))
    )
    with op.batch_alter_table('desk_link', schema=None) as batch_op:
        batch_op.create_index('ix_desk_link_state_next_attempt_at', ['state', 'next_attempt_at'], unique=False)
        batch_op.create_index('ix_desk_link_desk_remote_id', ['desk', 'remote_id'], unique=False)
        batch_op.create_index('ix_desk_link_conversation_id', ['conversation_id'], unique=False)


def downgrade() -> None:
    op.drop_table('desk_link')
