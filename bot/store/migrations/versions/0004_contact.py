"""contact details that citizens leave to be called back"""

import sqlalchemy as sa
from alembic import op

import bot.store.schema

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    when = bot.store.schema.UtcDateTime(timezone=True)
    op.create_table('contact',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('conversation_id', sa.String(length=32), nullable=False),
    sa.Column('value_encrypted', sa.LargeBinary(), nullable=False),
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('purpose', sa.String(length=16), nullable=False),
    sa.Column('created_at', when, nullable=False),
    sa.Column('expires_at', when, nullable=False),
    sa.ForeignKeyConstraint(['conversation_id'], ['conversation.id'], name=op.f('fk_contact_conversation_id_conversation')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_contact'))
    )
    with op.batch_alter_table('contact', schema=None) as batch_op:
        batch_op.create_index('ix_contact_conversation_id', ['conversation_id'], unique=False)
        batch_op.create_index('ix_contact_expires_at', ['expires_at'], unique=False)


def downgrade() -> None:
    op.drop_table('contact')
