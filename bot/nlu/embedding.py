"""The knowledge service's sentence embedding as Rasa features."""

from __future__ import annotations

from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.constants import TOKENS_NAMES
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.analysis import DIMENSION, Analysis, Floats
from bot.nlu.analyzer import ANALYSIS


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class EmbeddingFeaturizer(DenseFeaturizer, GraphComponent):
    """Centres the embedding and stretches it to a set length.

    E5's vectors all point much the same way (any two have a cosine above 0.7). Rasa's LogisticRegressionClassifier has
    a fixed regularisation, so without taking the mean off and scaling up it hardly sees them.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`length`: root mean square norm of the features, no unit."""
        return {**DenseFeaturizer.get_default_config(), "length": 6.0}

    def __init__(self, config: dict[str, Any], name: str, model_storage: ModelStorage, resource: Resource, mean: Floats) -> None:
        """Makes the component.

        Args:
            config: the settings.
            name: this node's name in the graph.
            model_storage: where Rasa keeps trained parts.
            resource: which of them is this one's.
            mean: shape (385,): the 384 means, then the factor.
        """
        super().__init__(name, {**self.get_default_config(), **config})
        self._model_storage = model_storage
        self._resource = resource
        self._mean = mean

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> EmbeddingFeaturizer:
        """Called by Rasa before training."""
        untrained = np.append(np.zeros(DIMENSION), 1.0)
        return cls(config, execution_context.node_name, model_storage, resource, untrained)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> EmbeddingFeaturizer:
        """Called by Rasa with a trained model."""
        with model_storage.read_from(resource) as folder:
            mean = np.load(str(folder / "mean.npy"), allow_pickle=False)
        return cls(config, execution_context.node_name, model_storage, resource, mean)

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """Refuses a length that is not positive.

        Raises:
            ValueError: naming the setting.
        """
        if config.get("length", 1.0) <= 0:
            raise ValueError("EmbeddingFeaturizer: `length` must be above 0, for example 6.0")

    def train(self, training_data: TrainingData) -> Resource:
        """Learns the mean of the training sentences and the factor that gives them the set length."""
        analyses = [e.get(ANALYSIS) for e in training_data.training_examples if e.get(ANALYSIS)]
        if analyses:
            matrix = np.stack([a.embedding for a in analyses]).astype(np.float64)
            self._mean = learn(matrix, float(self._config["length"]))
        with self._model_storage.write_to(self._resource) as folder:
            np.save(str(folder / "mean.npy"), self._mean)
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Adds the features to every training sentence."""
        self.process(training_data.training_examples)
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Adds the features; a message without analysis (the service is down) gets zeros."""
        for message in messages:
            tokens = message.get(TOKENS_NAMES[TEXT])
            if tokens:
                analysis: Analysis | None = message.get(ANALYSIS)
                vector = np.zeros(DIMENSION) if analysis is None else stretch(analysis.embedding, self._mean)
                # The embedding is of the sentence. The tokens share it, because Rasa wants both kinds or none.
                sentence = vector.reshape(1, DIMENSION)
                self.add_features_to_message(np.repeat(sentence, len(tokens), axis=0), sentence, TEXT, message)
        return messages


def learn(matrix: Floats, length: float) -> Floats:
    """Mean and factor of a set of embeddings.

    Args:
        matrix: shape (n, 384).
        length: wanted root mean square norm after centring.

    Returns:
        Shape (385,): the means and then the factor.
    """
    mean = matrix.mean(axis=0)
    spread = float(np.sqrt(((matrix - mean) ** 2).sum(axis=1).mean()))
    return np.append(mean, length / spread if spread > 0 else 1.0)


def stretch(embedding: Floats, mean: Floats) -> Floats:
    """Centres one embedding of shape (384,) and multiplies it by the factor in `mean` (385,)."""
    centred: Floats = (embedding - mean[:-1]) * mean[-1]
    return centred
